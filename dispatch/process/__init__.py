"""Pure rules of the fixed process: intake, routing, planning, assembly, verification."""
