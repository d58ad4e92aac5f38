-- The two roles and the database of Koza, on a server of your own. Choose the passwords.
--   psql -v owner_password=… -v app_password=… -f deploy/postgres/roles.sql
create role koza_owner login password :'owner_password';
create role koza_app login password :'app_password';
create database koza owner koza_owner template template0 encoding 'UTF8';
