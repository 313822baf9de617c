-- Organisations and who belongs to them.
create table organisations (
  id text not null primary key,
  name text not null,
  name_key text not null unique,         -- lower case: two names that differ in case only are one name
  summary text not null,
  category text not null,
  is_open boolean not null,              -- true: any resident may join; false: managers add people
  created_by text not null references users (id),
  created_at bigint not null
);

create table organisation_members (
  organisation_id text not null references organisations (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  role text not null,                    -- member, manager
  joined_at bigint not null,
  primary key (organisation_id, user_id)
);

create index organisation_members_by_user on organisation_members (user_id, organisation_id);
