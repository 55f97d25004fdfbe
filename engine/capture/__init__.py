"""Everything becomes a Frame: pictures, folders, cameras, videos."""
