"""What knows the Temporal SDK and the settings, and puts the parts together for worker, command line and inbox."""
