-- Search asks the project whether it is private: a copy in the index could be written late, by a job that had read it before.
alter table search_documents drop column is_private;
