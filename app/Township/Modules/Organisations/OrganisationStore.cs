using System.Data.Common;

namespace Township.Modules.Organisations;

/// <summary>The SQL of organisations and memberships.</summary>
internal sealed class OrganisationStore(Database database)
{
    private const string Columns = """
        o.id, o.name, o.summary, o.category, o.is_open as IsOpen, o.created_at as CreatedAt,
        (select count(*) from organisation_members m where m.organisation_id = o.id) as Members,
        (select count(*) from projects p where p.organisation_id = o.id and p.is_private = false) as Projects
        """;

    public Task<Organisation?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.FindAsync<Organisation>($"select {Columns} from organisations o where o.id = @id", new { id }, cancellationToken);

    public async Task<PageOf<Organisation>> ListAsync(OrganisationFilter filter, CancellationToken cancellationToken)
    {
        var where = new List<string>();
        if (filter.Category is not null)
        {
            where.Add("o.category = @category");
        }

        if (filter.MemberId is not null)
        {
            where.Add("exists (select 1 from organisation_members m where m.organisation_id = o.id and m.user_id = @member)");
        }

        if (!filter.After.IsStart)
        {
            where.Add("(o.name_key, o.id) > (@key, @after)");
        }

        var rows = await database.QueryAsync<Organisation>(
            $"""
            select {Columns} from organisations o
            {(where.Count > 0 ? "where " + string.Join(" and ", where) : "")}
            order by o.name_key, o.id limit @limit
            """,
            new
            {
                category = filter.Category,
                member = filter.MemberId,
                key = filter.After.Key,
                after = filter.After.Id,
                limit = filter.Size + 1,
            },
            cancellationToken);
        return PageOf<Organisation>.From(rows, filter.Size, row => new Cursor(Key(row.Name), row.Id));
    }

    /// <summary>Managers first, then by name, but without the names. At most <paramref name="limit"/>.</summary>
    public async Task<IReadOnlyList<Member>> MembersAsync(string id, int limit, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<MemberRow>(
            """
            select m.user_id as UserId, m.role as Role, m.joined_at as JoinedAt
            from organisation_members m join users u on u.id = m.user_id
            where m.organisation_id = @id
            order by case m.role when 'manager' then 0 else 1 end, u.name, u.id limit @limit
            """,
            new { id, limit },
            cancellationToken);
        return [.. rows.Select(row => new Member
        {
            UserId = row.UserId,
            Role = ParseRole(row.Role),
            JoinedAt = row.JoinedAt,
        })];
    }

    public async Task<IReadOnlyList<Membership>> MembershipsAsync(string userId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<MembershipRow>(
            """
            select m.organisation_id as OrganisationId, o.name as OrganisationName, m.role as Role
            from organisation_members m join organisations o on o.id = m.organisation_id
            where m.user_id = @userId order by o.name_key, o.id limit 500
            """,
            new { userId },
            cancellationToken);
        return [.. rows.Select(row => new Membership
        {
            OrganisationId = row.OrganisationId,
            OrganisationName = row.OrganisationName,
            Role = ParseRole(row.Role),
        })];
    }

    /// <summary>Writes an organisation and its first manager; false where the name is taken.</summary>
    public async Task<bool> CreateAsync(
        string id, OrganisationInput input, string userId, long now, CancellationToken cancellationToken)
    {
        try
        {
            await database.InTransactionAsync(
                async sql =>
                {
                    await sql.ExecuteAsync(
                        """
                        insert into organisations (id, name, name_key, summary, category, is_open, created_by, created_at)
                        values (@id, @name, @key, @summary, @category, @isOpen, @userId, @now)
                        """,
                        Row(id, input, userId, now),
                        cancellationToken);
                    await sql.ExecuteAsync(
                        """
                        insert into organisation_members (organisation_id, user_id, role, joined_at)
                        values (@id, @userId, 'manager', @now)
                        """,
                        new { id, userId, now },
                        cancellationToken);
                },
                cancellationToken);
            return true;
        }
        catch (DbException exception) when (Database.IsUniqueViolation(exception))
        {
            return false;
        }
    }

    /// <summary>False where another organisation has the name.</summary>
    public async Task<bool> UpdateAsync(string id, OrganisationInput input, CancellationToken cancellationToken)
    {
        try
        {
            await database.ExecuteAsync(
                """
                update organisations
                set name = @name, name_key = @key, summary = @summary, category = @category, is_open = @isOpen
                where id = @id
                """,
                Row(id, input, "", 0),
                cancellationToken);
            return true;
        }
        catch (DbException exception) when (Database.IsUniqueViolation(exception))
        {
            return false;
        }
    }

    /// <summary>False where the resident belongs to it already.</summary>
    public async Task<bool> AddMemberAsync(string id, string userId, long now, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            """
            insert into organisation_members (organisation_id, user_id, role, joined_at)
            values (@id, @userId, 'member', @now) on conflict (organisation_id, user_id) do nothing
            """,
            new { id, userId, now },
            cancellationToken) == 1;

    /// <summary>False where that would leave the organisation without a manager, or nobody of that id belongs to it.</summary>
    public Task<bool> RemoveMemberAsync(string id, string userId, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                await LockAsync(sql, id, cancellationToken);
                return await sql.ExecuteAsync(
                    $"""
                    delete from organisation_members
                    where organisation_id = @id and user_id = @userId and (role <> 'manager' or {AnotherManager})
                    """,
                    new { id, userId },
                    cancellationToken) == 1;
            },
            cancellationToken);

    /// <summary>False where that would leave the organisation without a manager, or nothing would change.</summary>
    public Task<bool> SetRoleAsync(string id, string userId, MemberRole role, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async sql =>
            {
                await LockAsync(sql, id, cancellationToken);
                return await sql.ExecuteAsync(
                    $"""
                    update organisation_members set role = @role
                    where organisation_id = @id and user_id = @userId and role <> @role
                      and (@role = 'manager' or {AnotherManager})
                    """,
                    new { id, userId, role = Text(role) },
                    cancellationToken) == 1;
            },
            cancellationToken);

    /// <summary>The resident with that e-mail address whose account is confirmed; null where there is none.</summary>
    public Task<string?> FindUserByEmailAsync(string email, CancellationToken cancellationToken) =>
        database.ScalarAsync<string>(
            "select id from users where email_key = @key and confirmed_at is not null",
            new { key = email.Trim().ToLowerInvariant() },
            cancellationToken);

    /// <summary>Projects that only members see; at most 500, newest first.</summary>
    public Task<IReadOnlyList<string>> PrivateProjectIdsAsync(string id, CancellationToken cancellationToken) =>
        database.QueryAsync<string>(
            """
            select id from projects where organisation_id = @id and is_private = true
            order by created_at desc, id desc limit 500
            """,
            new { id },
            cancellationToken);

    /// <summary>A page of the ids of those who belong to it, for sending to all of them.</summary>
    public Task<IReadOnlyList<string>> MemberIdsAsync(
        string id, string after, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync<string>(
            """
            select user_id from organisation_members
            where organisation_id = @id and user_id > @after order by user_id limit @limit
            """,
            new { id, after, limit },
            cancellationToken);

    public static string Key(string name) => name.ToLowerInvariant();

    private const string AnotherManager = """
        exists (select 1 from organisation_members other
                where other.organisation_id = @id and other.user_id <> @userId and other.role = 'manager')
        """;

    // Two managers who leave at once must not both see the other: the organisation's row is the lock (SQLite has the file's).
    private static Task<int> LockAsync(DatabaseTransaction sql, string id, CancellationToken cancellationToken) =>
        sql.ExecuteAsync("update organisations set id = id where id = @id", new { id }, cancellationToken);

    private static object Row(string id, OrganisationInput input, string userId, long now) => new
    {
        id,
        name = input.Name,
        key = Key(input.Name!),
        summary = input.Summary,
        category = input.Category,
        isOpen = input.IsOpen,
        userId,
        now,
    };

    private static string Text(MemberRole role) => role == MemberRole.Manager ? "manager" : "member";

    private static MemberRole ParseRole(string text) => text == "manager" ? MemberRole.Manager : MemberRole.Member;

    private sealed class MemberRow
    {
        public string UserId { get; init; } = "";

        public string Role { get; init; } = "";

        public long JoinedAt { get; init; }
    }

    private sealed class MembershipRow
    {
        public string OrganisationId { get; init; } = "";

        public string OrganisationName { get; init; } = "";

        public string Role { get; init; } = "";
    }
}
