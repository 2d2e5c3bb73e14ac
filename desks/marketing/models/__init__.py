"""What the marketing desk exchanges and keeps."""
