create table notifications (
  id text not null primary key,
  user_id text not null references users (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null,
  link text,                             -- a path on this site
  created_at bigint not null,
  read_at bigint
);

create index notifications_by_user on notifications (user_id, id);
create index notifications_unread on notifications (user_id) where read_at is null;
