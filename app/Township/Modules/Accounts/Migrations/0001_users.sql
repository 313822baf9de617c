-- People and their sessions. Hashes only: a copy of this database signs nobody in.
create table users (
  id text not null primary key,
  email text not null,
  email_key text not null unique,        -- lower case, what is looked up
  name text not null,
  password_hash text,                    -- null: cannot sign in with a password
  role text not null,                    -- resident, operator
  bio text not null default '',
  language text not null default 'en',
  time_zone text not null default 'UTC', -- IANA name
  notify_in_app boolean not null default true,
  notify_by_email boolean not null default true,
  daily_digest boolean not null default false,
  confirmed_at bigint,                   -- null: e-mail address not confirmed yet
  created_at bigint not null
);

create index users_by_name on users (name);

create table sessions (
  id text not null primary key,
  token_hash text not null unique,
  user_id text not null references users (id) on delete cascade,
  device text not null,
  created_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null
);

create index sessions_by_user on sessions (user_id, seen_at);

create table account_links (
  token_hash text not null primary key,
  user_id text not null references users (id) on delete cascade,
  purpose text not null,                 -- confirm-email, reset-password
  expires_at bigint not null,
  used_at bigint
);

create index account_links_by_user on account_links (user_id, purpose);
