"""Icons and calibrations that ship with Visavis."""
