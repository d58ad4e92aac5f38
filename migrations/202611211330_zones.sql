-- Where a machine was ordered. It belongs to the intent: in another zone the same token is another machine.
alter table resource add column zone text;
