namespace Township.Modules.Projects;

/// <summary>The SQL of tasks and the figures made of them. Without names: <see cref="ProjectReads"/> adds them, so that none grows old in the cache.</summary>
internal sealed class WorkStore(Database database)
{
    private const long DayMilliseconds = 86_400_000;

    private const string Columns = """
        t.id, t.project_id as ProjectId, t.title, t.details, t.status, t.kind, t.assignee_id as AssigneeId,
        t.due_on as DueOn, t.created_at as CreatedAt, t.updated_at as UpdatedAt, t.completed_at as CompletedAt
        """;

    private const string From = "from tasks t";

    public Task<WorkItem?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<WorkItem>($"select {Columns} {From} where t.id = @id", new { id }, cancellationToken);

    public async Task<PageOf<WorkItem>> ListAsync(string projectId, WorkFilter filter, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<WorkItem>(
            $"""
            select {Columns} {From}
            where t.project_id = @projectId
            {(filter.Status is null ? "" : "and t.status = @status")}
            {(filter.AssigneeId is null ? "" : "and t.assignee_id = @assignee")}
            {(filter.After.IsStart ? "" : "and (t.created_at, t.id) < (@key, @after)")}
            order by t.created_at desc, t.id desc limit @limit
            """,
            new
            {
                projectId,
                status = filter.Status,
                assignee = filter.AssigneeId,
                key = filter.After.Number,
                after = filter.After.Id,
                limit = filter.Size + 1,
            },
            cancellationToken);
        return PageOf<WorkItem>.From(rows, filter.Size, static row => Cursor.At(row.CreatedAt, row.Id));
    }

    public Task InsertAsync(
        string id, string projectId, WorkItemInput input, string userId, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            insert into tasks (id, project_id, title, details, status, kind, assignee_id, due_on,
                               created_by, created_at, updated_at, completed_at)
            values (@id, @projectId, @Title, @Details, @Status, @Kind, @AssigneeId, @DueOn, @userId, @now, @now, @completed)
            """,
            new
            {
                id,
                projectId,
                input.Title,
                input.Details,
                input.Status,
                input.Kind,
                input.AssigneeId,
                input.DueOn,
                userId,
                now,
                completed = input.Status == WorkStatus.Done ? now : (long?)null,
            },
            cancellationToken);

    public Task UpdateAsync(string id, WorkItemInput input, long now, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            update tasks
            set title = @Title, details = @Details, kind = @Kind, assignee_id = @AssigneeId, due_on = @DueOn,
                completed_at = case when @Status <> 'done' then null when status = 'done' then completed_at else @now end,
                status = @Status, updated_at = @now
            where id = @id
            """,
            new { id, input.Title, input.Details, input.Status, input.Kind, input.AssigneeId, input.DueOn, now },
            cancellationToken);

    /// <summary>Computes a project's figures: five statements, however many tasks it has.</summary>
    public async Task<ProjectStatistics> StatisticsAsync(string projectId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = now.ToUnixTimeMilliseconds() / DayMilliseconds;
        var first = today - 29;
        var args = new { projectId, start = first * DayMilliseconds, day = DayMilliseconds, today = Day(today) };
        var totals = (await database.FindAsync<Totals>(
            """
            select cast(coalesce(sum(case when status = 'todo' then 1 else 0 end), 0) as bigint) as ToDo,
                   cast(coalesce(sum(case when status = 'doing' then 1 else 0 end), 0) as bigint) as Doing,
                   cast(coalesce(sum(case when status = 'done' then 1 else 0 end), 0) as bigint) as Done,
                   cast(coalesce(sum(case when status <> 'done' and due_on < @today then 1 else 0 end), 0) as bigint) as Overdue,
                   cast(coalesce(sum(case when created_at < @start then 1 else 0 end), 0) as bigint) as CreatedBefore,
                   cast(coalesce(sum(case when completed_at < @start then 1 else 0 end), 0) as bigint) as DoneBefore,
                   cast(avg(case when completed_at is null then null else completed_at - created_at end) as double precision)
                     as AverageMilliseconds
            from tasks where project_id = @projectId
            """,
            args,
            cancellationToken))!;
        var created = await PerDayAsync("created_at", args, cancellationToken);
        var done = await PerDayAsync("completed_at", args, cancellationToken);
        var assignees = await database.QueryAsync<AssigneeRow>(
            """
            select t.assignee_id as UserId,
                   cast(sum(case when t.status <> 'done' then 1 else 0 end) as bigint) as OpenCount,
                   cast(sum(case when t.status = 'done' then 1 else 0 end) as bigint) as DoneCount
            from tasks t where t.project_id = @projectId group by t.assignee_id
            order by case when t.assignee_id is null then 1 else 0 end, count(*) desc, t.assignee_id
            """,
            args,
            cancellationToken);
        return new ProjectStatistics
        {
            ToDo = totals.ToDo,
            Doing = totals.Doing,
            Done = totals.Done,
            Overdue = totals.Overdue,
            AverageDays = totals.AverageMilliseconds / DayMilliseconds,
            Days = Days(first, totals.CreatedBefore - totals.DoneBefore, created, done),
            Assignees =
            [
                .. assignees.Where(static row => row.UserId is not null).Take(12)
                    .Concat(assignees.Where(static row => row.UserId is null))
                    .Select(static row => new AssigneeCount(row.UserId, "", row.OpenCount, row.DoneCount)),
            ],
            ComputedAt = now.ToUnixTimeMilliseconds(),
        };
    }

    /// <summary>Open tasks by kind of work, most first.</summary>
    public Task<IReadOnlyList<NamedCount>> KindsAsync(string projectId, CancellationToken cancellationToken) =>
        database.QueryAsync<NamedCount>(
            """
            select kind as Name, count(*) as Count from tasks
            where project_id = @projectId and status <> 'done' group by kind order by count(*) desc, kind
            """,
            new { projectId },
            cancellationToken);

    public Task<IReadOnlyList<WorkItem>> DueNextAsync(string projectId, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<WorkItem>(
            $"""
            select {Columns} {From}
            where t.project_id = @projectId and t.status <> 'done' and t.due_on is not null
            order by t.due_on, t.id limit @limit
            """,
            new { projectId, limit },
            cancellationToken);

    public Task<IReadOnlyList<WorkItem>> LatestAsync(string projectId, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<WorkItem>(
            $"select {Columns} {From} where t.project_id = @projectId order by t.updated_at desc, t.id desc limit @limit",
            new { projectId, limit },
            cancellationToken);

    /// <summary>Open tasks of one resident over the organisations he or she belongs to, those due first.</summary>
    public Task<IReadOnlyList<WorkItem>> OfResidentAsync(string userId, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<WorkItem>(
            $"""
            select {Columns} {From}
            where t.assignee_id = @userId and t.status <> 'done'
              and exists (select 1 from projects p join organisation_members m on m.organisation_id = p.organisation_id
                          where p.id = t.project_id and m.user_id = @userId)
            order by case when t.due_on is null then 1 else 0 end, t.due_on, t.id limit @limit
            """,
            new { userId, limit },
            cancellationToken);

    private static string Day(long day) =>
        DateTimeOffset.FromUnixTimeMilliseconds(day * DayMilliseconds)
            .ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static List<DayCount> Days(long first, long openBefore, Dictionary<long, long> created, Dictionary<long, long> done)
    {
        var open = openBefore;
        var days = new List<DayCount>(30);
        for (var day = first; day < first + 30; day++)
        {
            var (added, finished) = (created.GetValueOrDefault(day), done.GetValueOrDefault(day));
            open += added - finished;
            days.Add(new DayCount(Day(day), added, finished, open));
        }

        return days;
    }

    private async Task<Dictionary<long, long>> PerDayAsync(string column, object args, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<DayRow>(
            $"""
            select {column} / @day as Day, count(*) as Count from tasks
            where project_id = @projectId and {column} >= @start group by {column} / @day
            """,
            args,
            cancellationToken);
        return rows.ToDictionary(static row => row.Day, static row => row.Count);
    }

    private sealed class Totals
    {
        public long ToDo { get; init; }

        public long Doing { get; init; }

        public long Done { get; init; }

        public long Overdue { get; init; }

        public long CreatedBefore { get; init; }

        public long DoneBefore { get; init; }

        public double? AverageMilliseconds { get; init; }
    }

    private sealed class AssigneeRow
    {
        public string? UserId { get; init; }

        public long OpenCount { get; init; }

        public long DoneCount { get; init; }
    }

    private sealed class DayRow
    {
        public long Day { get; init; }

        public long Count { get; init; }
    }
}
