{{/* The way of version 11, for tables as they are now. */}}
{{include "0011_copy.up.sql"}}
