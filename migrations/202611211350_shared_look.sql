alter table environment add column differs boolean not null default false;
comment on column environment.differs is 'the shared look found the cloud to differ from its rows: its next turn lists for itself';
