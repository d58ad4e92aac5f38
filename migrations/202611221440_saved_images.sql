-- Who is made of an image that somebody saved (options.made_of), until it is there: so long the image stays.
create index environment_made_of on environment ((options -> 'made_of' ->> 'environment')) where first_ready_at is null and removed_at is null;
