"""Who is who, as commands show and change it. dbt derives it; here it is read, and decisions are written."""
