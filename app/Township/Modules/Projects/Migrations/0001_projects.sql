-- Projects of organisations, their tasks, the exports residents asked for, and what search reads.
create table projects (
  id text not null primary key,
  organisation_id text not null references organisations (id) on delete cascade,
  name text not null,
  summary text not null,
  category text not null,
  status text not null,                  -- active, paused, completed
  is_private boolean not null,           -- true: only members of the organisation see it
  due_on text,                           -- calendar day
  created_by text not null references users (id),
  created_at bigint not null,
  updated_at bigint not null
);

create index projects_by_organisation on projects (organisation_id, created_at, id);
create index projects_by_age on projects (created_at, id);

create table tasks (
  id text not null primary key,
  project_id text not null references projects (id) on delete cascade,
  title text not null,
  details text not null,
  status text not null,                  -- todo, doing, done
  kind text not null,                    -- classification: what kind of work it is
  assignee_id text references users (id) on delete set null,
  due_on text,                           -- calendar day
  created_by text not null references users (id),
  created_at bigint not null,
  updated_at bigint not null,
  completed_at bigint                    -- null unless done
);

create index tasks_by_project on tasks (project_id, status, created_at, id);
create index tasks_by_assignee on tasks (assignee_id, status);

create table project_exports (
  id text not null primary key,
  project_id text not null references projects (id) on delete cascade,
  user_id text not null references users (id) on delete cascade,
  status text not null,                  -- waiting, running, done, failed
  percent bigint not null,
  row_count bigint not null,
  file_name text not null,
  content text,                          -- null until done
  created_at bigint not null,
  finished_at bigint
);

create index project_exports_by_user on project_exports (user_id, created_at, id);

-- One row per project and task, written by a job after each change; words are lower case without accents.
create table search_documents (
  kind text not null,                    -- project, task
  id text not null,
  project_id text not null references projects (id) on delete cascade,
  organisation_id text not null references organisations (id) on delete cascade,
  is_private boolean not null,
  title text not null,
  context text not null,                 -- shown below the title
  words text not null,
  updated_at bigint not null,
  primary key (kind, id)
);

create index search_documents_by_project on search_documents (project_id);
create index search_documents_by_age on search_documents (updated_at, kind, id);
