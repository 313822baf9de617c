namespace Township.Modules.Projects;

/// <summary>The SQL of exports.</summary>
internal sealed class ExportStore(Database database)
{
    /// <summary>What one resident may keep; the oldest makes room.</summary>
    public const int MaximumPerResident = 20;

    /// <summary>Tasks that one export holds at most.</summary>
    public const int MaximumRows = 50_000;

    private const string Columns = """
        e.id, e.project_id as ProjectId, p.name as ProjectName, e.user_id as UserId, e.status, e.percent,
        e.row_count as RowCount, e.file_name as FileName, e.created_at as CreatedAt
        """;

    public Task<ProjectExport?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<ProjectExport>(
            $"select {Columns} from project_exports e join projects p on p.id = e.project_id where e.id = @id",
            new { id },
            cancellationToken);

    public Task<IReadOnlyList<ProjectExport>> OfResidentAsync(string userId, string projectId, CancellationToken cancellationToken) =>
        database.QueryAsync<ProjectExport>(
            $"""
            select {Columns} from project_exports e join projects p on p.id = e.project_id
            where e.user_id = @userId and e.project_id = @projectId order by e.created_at desc, e.id desc limit 5
            """,
            new { userId, projectId },
            cancellationToken);

    public Task<string?> ContentAsync(string id, CancellationToken cancellationToken) =>
        database.ScalarAsync<string>("select content from project_exports where id = @id", new { id }, cancellationToken);

    public Task InsertAsync(
        string id, string projectId, string userId, string fileName, long now, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                await sql.ExecuteAsync(
                    """
                    delete from project_exports where user_id = @userId and id not in
                      (select id from project_exports where user_id = @userId
                       order by created_at desc, id desc limit @keep)
                    """,
                    new { userId, keep = MaximumPerResident - 1 },
                    cancellationToken);
                await sql.ExecuteAsync(
                    """
                    insert into project_exports (id, project_id, user_id, status, percent, row_count, file_name, created_at)
                    values (@id, @projectId, @userId, 'waiting', 0, 0, @fileName, @now)
                    """,
                    new { id, projectId, userId, fileName, now },
                    cancellationToken);
            },
            cancellationToken);

    public Task ProgressAsync(string id, int percent, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "update project_exports set status = 'running', percent = @percent where id = @id and status <> 'done'",
            new { id, percent },
            cancellationToken);

    public Task FinishAsync(string id, string content, long rows, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            update project_exports
            set status = 'done', percent = 100, content = @content, row_count = @rows, finished_at = @now where id = @id
            """,
            new { id, content, rows, now },
            cancellationToken);

    public Task FailAsync(string id, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "update project_exports set status = 'failed', finished_at = @now where id = @id and status <> 'done'",
            new { id, now },
            cancellationToken);

    /// <summary>Every task of a project, oldest first, with all its columns.</summary>
    public Task<IReadOnlyList<WorkItem>> TasksAsync(string projectId, CancellationToken cancellationToken) =>
        database.QueryAsync<WorkItem>(
            """
            select t.id, t.project_id as ProjectId, t.title, t.details, t.status, t.kind, t.assignee_id as AssigneeId,
                   u.name as AssigneeName, t.due_on as DueOn, t.created_at as CreatedAt, t.updated_at as UpdatedAt,
                   t.completed_at as CompletedAt
            from tasks t left join users u on u.id = t.assignee_id
            where t.project_id = @projectId order by t.created_at, t.id limit @limit
            """,
            new { projectId, limit = MaximumRows },
            cancellationToken);
}
