namespace Township.Modules.Projects;

/// <summary>The SQL of projects. Without people's names: <see cref="ProjectReads"/> adds them.</summary>
internal sealed class ProjectStore(Database database)
{
    public Task<Project?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<Project>(
            """
            select p.id, p.organisation_id as OrganisationId, p.name, p.summary, p.category,
                   p.status, p.is_private as IsPrivate, p.due_on as DueOn, p.created_by as CreatedBy,
                   p.created_at as CreatedAt
            from projects p where p.id = @id
            """,
            new { id },
            cancellationToken);

    public async Task<PageOf<ProjectListItem>> ListAsync(ProjectFilter filter, CancellationToken cancellationToken)
    {
        var where = new List<string>();
        if (filter.MemberId is not null)
        {
            where.Add("""
                exists (select 1 from organisation_members m
                        where m.organisation_id = p.organisation_id and m.user_id = @member)
                """);
        }
        else if (!filter.WithPrivate)
        {
            where.Add("p.is_private = false");
        }

        if (filter.OrganisationId is not null)
        {
            where.Add("p.organisation_id = @organisation");
        }

        if (filter.Status is not null)
        {
            where.Add("p.status = @status");
        }

        if (filter.Category is not null)
        {
            where.Add("p.category = @category");
        }

        if (!filter.After.IsStart)
        {
            where.Add("(p.created_at, p.id) < (@key, @after)");
        }

        var rows = await database.QueryAsync<ProjectListItem>(
            $"""
            select p.id, p.organisation_id as OrganisationId, o.name as OrganisationName, p.name, p.summary, p.category,
                   p.status, p.is_private as IsPrivate, p.created_at as CreatedAt,
                   (select count(*) from tasks t where t.project_id = p.id) as Tasks,
                   (select count(*) from tasks t where t.project_id = p.id and t.status = 'done') as Done
            from projects p join organisations o on o.id = p.organisation_id
            {(where.Count > 0 ? "where " + string.Join(" and ", where) : "")}
            order by p.created_at desc, p.id desc limit @limit
            """,
            new
            {
                member = filter.MemberId,
                organisation = filter.OrganisationId,
                status = filter.Status,
                category = filter.Category,
                key = filter.After.Number,
                after = filter.After.Id,
                limit = filter.Size + 1,
            },
            cancellationToken);
        return PageOf<ProjectListItem>.From(rows, filter.Size, static row => Cursor.At(row.CreatedAt, row.Id));
    }

    public Task InsertAsync(string id, ProjectInput input, string userId, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            insert into projects (id, organisation_id, name, summary, category, status, is_private, due_on,
                                  created_by, created_at, updated_at)
            values (@id, @OrganisationId, @Name, @Summary, @Category, @Status, @IsPrivate, @DueOn, @userId, @now, @now)
            """,
            new
            {
                id,
                input.OrganisationId,
                input.Name,
                input.Summary,
                input.Category,
                input.Status,
                input.IsPrivate,
                input.DueOn,
                userId,
                now,
            },
            cancellationToken);

    public Task UpdateAsync(string id, ProjectInput input, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            update projects
            set name = @Name, summary = @Summary, category = @Category, status = @Status, is_private = @IsPrivate,
                due_on = @DueOn, updated_at = @now
            where id = @id
            """,
            new { id, input.Name, input.Summary, input.Category, input.Status, input.IsPrivate, input.DueOn, now },
            cancellationToken);
}
