{{/* The views stay: they read the same without the setting. */}}
