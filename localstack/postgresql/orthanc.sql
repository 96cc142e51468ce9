-- Orthanc's role owns its database and nothing else; pg_trgm takes a superuser, so it is made here.
-- The caller sets the variable `password`.
DROP ROLE IF EXISTS orthanc;
CREATE ROLE orthanc LOGIN PASSWORD :'password';
CREATE DATABASE orthanc OWNER orthanc;
\connect orthanc
CREATE EXTENSION IF NOT EXISTS pg_trgm;
