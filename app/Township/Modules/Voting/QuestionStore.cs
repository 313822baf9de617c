namespace Township.Modules.Voting;

/// <summary>The SQL of questions and votes. Without people's names: <see cref="VotingReads"/> adds them.</summary>
internal sealed class QuestionStore(Database database)
{
    private const long Week = 7 * 86_400_000L;

    private const string ListColumns = """
        q.id, q.organisation_id as OrganisationId, o.name as OrganisationName, q.title, q.details, q.opens_at as OpensAt,
        q.closes_at as ClosesAt, (select count(*) from votes v where v.question_id = q.id) as Votes
        """;

    private const string From = "from questions q left join organisations o on o.id = q.organisation_id";

    public async Task<Question?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var question = await database.FindAsync<Question>(
            $"""
            select q.id, q.organisation_id as OrganisationId, o.name as OrganisationName, q.title, q.details,
                   q.opens_at as OpensAt, q.closes_at as ClosesAt, q.closed_at as ClosedAt, q.created_by as CreatedBy
            {From} where q.id = @id
            """,
            new { id },
            cancellationToken);
        return question is null
            ? null
            : question with
            {
                Options = await database.QueryAsync<QuestionOption>(
                    "select id, label from question_options where question_id = @id order by position",
                    new { id },
                    cancellationToken),
            };
    }

    public async Task<PageOf<QuestionListItem>> OpenAsync(
        long now, string? organisationId, Cursor after, int size, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<QuestionListItem>(
            $"""
            select {ListColumns} {From}
            where q.closed_at is null and q.opens_at <= @now and q.closes_at > @now
            {(organisationId is null ? "" : "and q.organisation_id = @organisationId")}
            {(after.IsStart ? "" : "and (q.closes_at, q.id) > (@key, @after)")}
            order by q.closes_at, q.id limit @limit
            """,
            new { now, organisationId, key = after.Number, after = after.Id, limit = size + 1 },
            cancellationToken);
        return PageOf<QuestionListItem>.From(rows, size, static row => Cursor.At(row.ClosesAt, row.Id));
    }

    public async Task<PageOf<QuestionListItem>> ClosedAsync(
        long now, string? organisationId, Cursor after, int size, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<QuestionListItem>(
            $"""
            select {ListColumns} {From}
            where (q.closes_at <= @now or q.closed_at is not null)
            {(organisationId is null ? "" : "and q.organisation_id = @organisationId")}
            {(after.IsStart ? "" : "and (q.closes_at, q.id) < (@key, @after)")}
            order by q.closes_at desc, q.id desc limit @limit
            """,
            new { now, organisationId, key = after.Number, after = after.Id, limit = size + 1 },
            cancellationToken);
        return PageOf<QuestionListItem>.From(rows, size, static row => Cursor.At(row.ClosesAt, row.Id));
    }

    /// <summary>Open questions by the votes of the last seven days, most first.</summary>
    public Task<IReadOnlyList<QuestionListItem>> TrendingAsync(long now, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<QuestionListItem>(
            $"""
            select {ListColumns}, r.recent as Recent
            {From} join (select question_id, count(*) as recent from votes where cast_at > @since group by question_id) r
              on r.question_id = q.id
            where q.closed_at is null and q.opens_at <= @now and q.closes_at > @now
            order by r.recent desc, q.id limit @limit
            """,
            new { now, since = now - Week, limit },
            cancellationToken);

    public Task CreateAsync(
        string id, QuestionInput input, IReadOnlyList<string> optionIds, string userId, long now, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                await sql.ExecuteAsync(
                    """
                    insert into questions (id, organisation_id, title, details, opens_at, closes_at, created_by, created_at)
                    values (@id, @OrganisationId, @Title, @Details, @now, @closes, @userId, @now)
                    """,
                    new
                    {
                        id,
                        input.OrganisationId,
                        input.Title,
                        input.Details,
                        now,
                        closes = now + (input.Days!.Value * 86_400_000L),
                        userId,
                    },
                    cancellationToken);
                await sql.ExecuteAsync(
                    "insert into question_options (id, question_id, position, label) values (@id, @questionId, @position, @label)",
                    input.Options.Select((label, i) => new { id = optionIds[i], questionId = id, position = (long)i, label }),
                    cancellationToken);
            },
            cancellationToken);

    /// <summary>
    /// Casts or changes a vote in one statement, so that however many requests race, a resident has one vote and none counts
    /// after the end. False: nothing changed, because the vote was so already or the question does not take it.
    /// </summary>
    public async Task<bool> VoteAsync(
        string questionId, string optionId, string userId, long now, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            """
            insert into votes (question_id, user_id, option_id, cast_at, changed_at)
            select q.id, @userId, o.id, @now, @now
            from questions q join question_options o on o.question_id = q.id
            where q.id = @questionId and o.id = @optionId
              and q.closed_at is null and q.opens_at <= @now and q.closes_at > @now
            on conflict (question_id, user_id) do update
              set option_id = excluded.option_id, changed_at = excluded.changed_at
              where votes.option_id <> excluded.option_id
            """,
            new { questionId, optionId, userId, now },
            cancellationToken) == 1;

    /// <summary>The option that a resident chose; null: has not voted.</summary>
    public Task<string?> VoteOfAsync(string questionId, string userId, CancellationToken cancellationToken) =>
        database.ScalarAsync<string>(
            "select option_id from votes where question_id = @questionId and user_id = @userId",
            new { questionId, userId },
            cancellationToken);

    public async Task<QuestionResults> ResultsAsync(Question question, bool isOpen, CancellationToken cancellationToken)
    {
        var counts = await database.QueryAsync<CountRow>(
            "select option_id as OptionId, count(*) as Votes from votes where question_id = @id group by option_id",
            new { id = question.Id },
            cancellationToken);
        var byOption = counts.ToDictionary(static row => row.OptionId, static row => row.Votes);
        var electorate = await database.ScalarAsync<long>(
            question.OrganisationId is null
                ? "select count(*) from users where confirmed_at is not null"
                : "select count(*) from organisation_members where organisation_id = @organisation",
            new { organisation = question.OrganisationId },
            cancellationToken);
        var total = byOption.Values.Sum();
        return new QuestionResults(
            question.Id,
            total,
            Math.Max(electorate, total), // who left after voting still counts
            isOpen,
            [
                .. question.Options.Select(option => byOption.GetValueOrDefault(option.Id) is var votes && total > 0
                    ? new OptionResult(option.Id, option.Label, votes, Math.Round(100.0 * votes / total, 1))
                    : new OptionResult(option.Id, option.Label, 0, 0)),
            ]);
    }

    /// <summary>Ends a question whose time is up. True for exactly one caller.</summary>
    public async Task<bool> CloseAsync(string id, long now, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "update questions set closed_at = @now where id = @id and closed_at is null and closes_at <= @now",
            new { id, now },
            cancellationToken) == 1;

    /// <summary>Questions whose time is up and that nobody has closed.</summary>
    public Task<IReadOnlyList<string>> DueAsync(long now, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<string>(
            "select id from questions where closed_at is null and closes_at <= @now order by closes_at, id limit @limit",
            new { now, limit },
            cancellationToken);

    /// <summary>A page of the ids of those who voted.</summary>
    public Task<IReadOnlyList<string>> VoterIdsAsync(
        string questionId, string after, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<string>(
            "select user_id from votes where question_id = @questionId and user_id > @after order by user_id limit @limit",
            new { questionId, after, limit },
            cancellationToken);

    private sealed class CountRow
    {
        public string OptionId { get; init; } = "";

        public long Votes { get; init; }
    }
}
