-- Run once by the postgres image, when its data volume is new.
\set password `cat /run/secrets/orthanc_database_password`
\i /configuration/orthanc.sql
