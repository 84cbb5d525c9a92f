"""What programs need of the system: files, descriptors, arguments, keys, addresses, retries. Nothing here uses rooms or
logs.

``effects`` runs procedures that describe their I/O as values, so that the simulation runs the same procedures.
"""
