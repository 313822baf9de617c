using Millrace.Caching;
using Millrace.Realtime;

namespace Township.Modules.Organisations;

/// <summary>Everything a resident may do to an organisation: who may, what is checked, what becomes invalid, who is told.</summary>
internal sealed class OrganisationWrites(
    OrganisationStore store,
    OrganisationReads reads,
    Projects.RefreshQueue refresh,
    Cache cache,
    ChannelClient channels,
    TimeProvider time)
{
    // What follows a committed write happens also when the client has gone.
    private static readonly CancellationToken Committed = CancellationToken.None;

    private const string NoLonger = "You no longer belong to this organisation.";

    private const string LastManager = "Somebody has to manage it: make another member a manager first.";

    public async Task<Outcome<Organisation>> CreateAsync(
        OrganisationInput input, string userId, CancellationToken cancellationToken)
    {
        var errors = input.Validate();
        if (errors.Any)
        {
            return Outcome<Organisation>.Invalid(errors);
        }

        var id = NewId.Create(time);
        if (!await store.CreateAsync(id, input, userId, Now, cancellationToken))
        {
            return Outcome<Organisation>.Invalid(NameTaken());
        }

        await cache.InvalidateAsync(new OrganisationChanged(id, IsNew: true), Committed);
        await cache.InvalidateAsync(new MembershipChanged(id, userId), Committed);
        return Outcome<Organisation>.Done((await reads.FindAsync(id, cancellationToken))!);
    }

    public async Task<Outcome<Organisation>> UpdateAsync(
        string id, OrganisationInput input, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is null)
        {
            return Outcome<Organisation>.NotFound;
        }

        if (await reads.RoleAsync(id, userId, cancellationToken) != MemberRole.Manager)
        {
            return Outcome<Organisation>.Forbidden;
        }

        var errors = input.Validate();
        if (errors.Any)
        {
            return Outcome<Organisation>.Invalid(errors);
        }

        if (!await store.UpdateAsync(id, input, cancellationToken))
        {
            return Outcome<Organisation>.Invalid(NameTaken());
        }

        await cache.InvalidateAsync(new OrganisationChanged(id, IsNew: false), Committed);
        await channels.PublishAsync(ChannelNames.Organisation(id), new OrganisationUpdated(id), Committed);
        await refresh.SearchAsync(Projects.RefreshSearch.Organisation, id); // results name the organisation
        return Outcome<Organisation>.Done((await reads.FindAsync(id, cancellationToken))!);
    }

    /// <summary>Joins an open organisation. Others are joined by being added.</summary>
    public async Task<Outcome<Organisation>> JoinAsync(string id, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Outcome<Organisation>.NotFound;
        }

        if (await reads.RoleAsync(id, userId, cancellationToken) is not null)
        {
            return Outcome<Organisation>.Unchanged(organisation);
        }

        if (!organisation.IsOpen)
        {
            return Outcome<Organisation>.Forbidden;
        }

        await store.AddMemberAsync(id, userId, Now, cancellationToken);
        return await ChangedAsync(id, userId);
    }

    /// <summary>A manager adds a resident by e-mail address.</summary>
    public async Task<Outcome<Organisation>> AddAsync(
        string id, string? email, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is null)
        {
            return Outcome<Organisation>.NotFound;
        }

        if (await reads.RoleAsync(id, userId, cancellationToken) != MemberRole.Manager)
        {
            return Outcome<Organisation>.Forbidden;
        }

        var found = email is { Length: > 2 and <= 254 } ? await store.FindUserByEmailAsync(email, cancellationToken) : null;
        if (found is null)
        {
            return Outcome<Organisation>.Invalid("Email", "No resident has this e-mail address.");
        }

        return await store.AddMemberAsync(id, found, Now, cancellationToken)
            ? await ChangedAsync(id, found)
            : Outcome<Organisation>.Invalid("Email", "This resident belongs to it already.");
    }

    /// <summary>A member leaves, or a manager removes one.</summary>
    public async Task<Outcome<Organisation>> RemoveAsync(
        string id, string memberId, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is null
            || await reads.RoleAsync(id, memberId, cancellationToken) is null)
        {
            return Outcome<Organisation>.NotFound;
        }

        if (memberId != userId && await reads.RoleAsync(id, userId, cancellationToken) != MemberRole.Manager)
        {
            return Outcome<Organisation>.Forbidden;
        }

        if (!await store.RemoveMemberAsync(id, memberId, cancellationToken))
        {
            return Outcome<Organisation>.Invalid("Member", LastManager);
        }

        var result = await ChangedAsync(id, memberId);
        await channels.RevokeAsync(ChannelNames.Organisation(id), memberId, NoLonger, Committed);
        foreach (var project in await store.PrivateProjectIdsAsync(id, Committed))
        {
            await channels.RevokeAsync(ChannelNames.Project(project), memberId, NoLonger, Committed);
        }

        return result;
    }

    public async Task<Outcome<Organisation>> SetRoleAsync(
        string id, string memberId, MemberRole role, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(id, cancellationToken) is not { } organisation
            || await reads.RoleAsync(id, memberId, cancellationToken) is not { } before)
        {
            return Outcome<Organisation>.NotFound;
        }

        if (await reads.RoleAsync(id, userId, cancellationToken) != MemberRole.Manager)
        {
            return Outcome<Organisation>.Forbidden;
        }

        if (before == role)
        {
            return Outcome<Organisation>.Unchanged(organisation);
        }

        return await store.SetRoleAsync(id, memberId, role, cancellationToken)
            ? await ChangedAsync(id, memberId)
            : Outcome<Organisation>.Invalid("Member", LastManager);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static FieldErrors NameTaken() =>
        FieldErrors.Of(nameof(OrganisationInput.Name), "Another organisation has this name.");

    private async Task<Outcome<Organisation>> ChangedAsync(string id, string memberId)
    {
        await cache.InvalidateAsync(new MembershipChanged(id, memberId), Committed);
        await channels.PublishAsync(ChannelNames.Organisation(id), new MembersUpdated(id), Committed);
        return Outcome<Organisation>.Done((await reads.FindAsync(id, Committed))!);
    }
}
