"""What programs need of the system: files, descriptors, arguments, keys, addresses, retries. None knows rooms or logs.

``effects`` runs procedures that only say what they want of the world, so that the simulator runs the same ones.
"""
