"""Desks: one folder for each line of business."""
