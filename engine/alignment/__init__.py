"""From a detected face to landmarks, and from landmarks to an aligned chip."""
