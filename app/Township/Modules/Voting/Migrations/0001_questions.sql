-- Questions, their options, and one vote per resident and question.
create table questions (
  id text not null primary key,
  organisation_id text references organisations (id) on delete cascade, -- null: the whole town votes
  title text not null,
  details text not null,
  opens_at bigint not null,
  closes_at bigint not null,
  closed_at bigint,                      -- when the closing job ended it; null before
  created_by text not null references users (id),
  created_at bigint not null
);

create index questions_by_end on questions (closes_at, id);
create index questions_unclosed on questions (closes_at) where closed_at is null;

create table question_options (
  id text not null primary key,
  question_id text not null references questions (id) on delete cascade,
  position bigint not null,
  label text not null,
  unique (question_id, position)
);

create table votes (
  question_id text not null references questions (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  option_id text not null references question_options (id) on delete cascade,
  cast_at bigint not null,
  changed_at bigint not null,
  primary key (question_id, user_id)
);

create index votes_by_option on votes (question_id, option_id);
create index votes_by_time on votes (cast_at, question_id);
create index votes_by_user on votes (user_id, question_id);
