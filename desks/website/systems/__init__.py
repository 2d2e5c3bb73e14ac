"""The site's folder, the site as it is served, and a browser that is closed to the outside."""
