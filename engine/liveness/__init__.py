"""Is it a living face before the camera, or a picture of one."""
