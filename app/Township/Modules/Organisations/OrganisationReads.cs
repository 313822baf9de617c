using Millrace.Caching;
using Township.Modules.Accounts;

namespace Township.Modules.Organisations;

/// <summary>Reads organisations, their members, and who may do what, through the cache.</summary>
internal sealed class OrganisationReads(Cache cache, OrganisationStore store, UserDirectory users)
{
    /// <summary>Members shown on a page; larger organisations show the first of them.</summary>
    public const int MaximumMembersShown = 300;

    public async ValueTask<Organisation?> FindAsync(string? id, CancellationToken cancellationToken) =>
        NewId.IsWellFormed(id)
            ? await cache.GetOrCreateAsync(
                OrganisationCache.DetailKey(id!),
                (store, id),
                static async (state, token) => await state.store.FindAsync(state.id!, token),
                OrganisationCache.Detail,
                [OrganisationCache.Tag(id!)],
                cancellationToken)
            : null;

    public ValueTask<PageOf<Organisation>> ListAsync(OrganisationFilter filter, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            OrganisationCache.ListKey(filter),
            (store, filter),
            static async (state, token) => await state.store.ListAsync(state.filter, token),
            OrganisationCache.Lists,
            filter.MemberId is null
                ? [OrganisationCache.AllTag]
                : [OrganisationCache.AllTag, OrganisationCache.MembershipsTag(filter.MemberId)],
            cancellationToken);

    /// <summary>Managers first, then by name; the first <see cref="MaximumMembersShown"/>.</summary>
    public async ValueTask<IReadOnlyList<Member>> MembersAsync(string id, CancellationToken cancellationToken)
    {
        var members = await cache.GetOrCreateAsync(
            OrganisationCache.MembersKey(id),
            (store, id),
            static async (state, token) => await state.store.MembersAsync(state.id, MaximumMembersShown, token),
            OrganisationCache.Lists,
            [OrganisationCache.Tag(id)],
            cancellationToken);
        var people = await users.FindManyAsync([.. members.Select(static member => member.UserId)], cancellationToken);
        return
        [
            .. members.Select(member => member with { Name = people.GetValueOrDefault(member.UserId)?.Name ?? "" })
                .OrderBy(static member => member.Role == MemberRole.Manager ? 0 : 1)
                .ThenBy(static member => member.Name, StringComparer.OrdinalIgnoreCase),
        ];
    }

    /// <summary>The organisations a resident belongs to; none for guests.</summary>
    public ValueTask<IReadOnlyList<Membership>> MembershipsAsync(string? userId, CancellationToken cancellationToken) =>
        userId is null
            ? ValueTask.FromResult<IReadOnlyList<Membership>>([])
            : cache.GetOrCreateAsync(
                OrganisationCache.MembershipsKey(userId),
                (store, userId),
                static async (state, token) => await state.store.MembershipsAsync(state.userId, token),
                OrganisationCache.Memberships,
                [OrganisationCache.MembershipsTag(userId)],
                cancellationToken);

    /// <summary>What a resident is in an organisation; null: does not belong to it.</summary>
    public async ValueTask<MemberRole?> RoleAsync(string organisationId, string? userId, CancellationToken cancellationToken)
    {
        foreach (var membership in await MembershipsAsync(userId, cancellationToken))
        {
            if (membership.OrganisationId == organisationId)
            {
                return membership.Role;
            }
        }

        return null;
    }
}
