namespace Township.Modules.Projects;

/// <summary>The search index: one row per project and task, found by words anywhere in it. Alike on SQLite and PostgreSQL.</summary>
internal sealed class SearchStore(Database database)
{
    private const int MaximumWords = 2000;

    /// <summary>
    /// Every word must occur; newest first. Guests find what is public, residents what their organisations keep private too.
    /// Whether a project is private is asked of the project itself: a row of the index may be late, and who may see what
    /// must not be.
    /// </summary>
    public async Task<PageOf<SearchHit>> FindAsync(
        SearchQuery query, string? userId, Cursor after, int size, CancellationToken cancellationToken)
    {
        var args = new Dapper.DynamicParameters(new { userId, key = after.Number, after = after.Id, limit = size + 1 });
        var where = new List<string>();
        for (var i = 0; i < query.Words.Count; i++)
        {
            args.Add($"word{i}", SearchQuery.Pattern(query.Words[i]));
            where.Add($@"d.words like @word{i} escape '\'");
        }

        where.Add(userId is null
            ? "p.is_private = false"
            : """
              (p.is_private = false or exists (select 1 from organisation_members m
                 where m.organisation_id = p.organisation_id and m.user_id = @userId))
              """);
        if (!after.IsStart)
        {
            where.Add("(d.updated_at, d.id) < (@key, @after)");
        }

        var rows = await database.QueryAsync<SearchHit>(
            $"""
            select d.kind, d.id, d.project_id as ProjectId, d.title, d.context, d.updated_at as UpdatedAt
            from search_documents d join projects p on p.id = d.project_id where {string.Join(" and ", where)}
            order by d.updated_at desc, d.id desc limit @limit
            """,
            args,
            cancellationToken);
        return PageOf<SearchHit>.From(rows, size, static hit => Cursor.At(hit.UpdatedAt, hit.Id));
    }

    /// <summary>Writes the row of one task anew from the task itself; a task that has gone loses its row.</summary>
    public async Task RefreshTaskAsync(string id, CancellationToken cancellationToken)
    {
        var source = await database.FindAsync<Source>(
            """
            select t.id, 'task' as Kind, t.project_id as ProjectId, p.organisation_id as OrganisationId,
                   t.title as Title, p.name as Context, t.details as Body,
                   t.updated_at as UpdatedAt
            from tasks t join projects p on p.id = t.project_id where t.id = @id
            """,
            new { id },
            cancellationToken);
        await WriteAsync("task", id, source, cancellationToken);
    }

    /// <summary>Writes a project's row anew, and what its tasks' rows say of it.</summary>
    public async Task RefreshProjectAsync(string id, CancellationToken cancellationToken)
    {
        var source = await database.FindAsync<Source>(
            """
            select p.id, 'project' as Kind, p.id as ProjectId, p.organisation_id as OrganisationId,
                   p.name as Title, o.name as Context, p.summary as Body, p.updated_at as UpdatedAt
            from projects p join organisations o on o.id = p.organisation_id where p.id = @id
            """,
            new { id },
            cancellationToken);
        await WriteAsync("project", id, source, cancellationToken);
        if (source is not null)
        {
            await database.ExecuteAsync(
                "update search_documents set context = @Title where project_id = @Id and kind = 'task'",
                source,
                cancellationToken);
        }
    }

    /// <summary>A page of the ids of an organisation's projects.</summary>
    public Task<IReadOnlyList<string>> ProjectIdsAsync(
        string organisationId, string after, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<string>(
            "select id from projects where organisation_id = @organisationId and id > @after order by id limit @limit",
            new { organisationId, after, limit },
            cancellationToken);

    /// <summary>The words of a row as the index holds them.</summary>
    public static string Words(string title, string context, string body)
    {
        var words = SearchQuery.Fold($"{title} {context} {body}");
        return words.Length > MaximumWords ? words[..MaximumWords] : words;
    }

    // Two jobs may read and then write the other way round: the older reading gives way.
    private Task<int> WriteAsync(string kind, string id, Source? source, CancellationToken cancellationToken) => source is null
        ? database.ExecuteAsync(
            "delete from search_documents where kind = @kind and id = @id", new { kind, id }, cancellationToken)
        : database.ExecuteAsync(
            """
            insert into search_documents (kind, id, project_id, organisation_id, title, context, words, updated_at)
            values (@Kind, @Id, @ProjectId, @OrganisationId, @Title, @Context, @words, @UpdatedAt)
            on conflict (kind, id) do update set title = excluded.title, context = excluded.context,
              words = excluded.words, updated_at = excluded.updated_at
            where excluded.updated_at >= search_documents.updated_at
            """,
            new
            {
                source.Kind,
                source.Id,
                source.ProjectId,
                source.OrganisationId,
                source.Title,
                source.Context,
                words = Words(source.Title, source.Context, source.Body),
                source.UpdatedAt,
            },
            cancellationToken);

    private sealed class Source
    {
        public string Id { get; init; } = "";

        public string Kind { get; init; } = "";

        public string ProjectId { get; init; } = "";

        public string OrganisationId { get; init; } = "";

        public string Title { get; init; } = "";

        public string Context { get; init; } = "";

        public string Body { get; init; } = "";

        public long UpdatedAt { get; init; }
    }
}
