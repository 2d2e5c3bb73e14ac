"""The parts that use the Temporal SDK and the settings, assembled for worker, command line and inbox."""
