using Millrace.Caching;

namespace Township.Modules.Organisations;

/// <summary>How long reads of this module live, what they are called, and which event makes which of them invalid.</summary>
internal static class OrganisationCache
{
    public static readonly CachePolicy Detail = new("organisation-detail", TimeSpan.FromMinutes(30)) { Immutable = true };
    public static readonly CachePolicy Lists = new("organisation-lists", TimeSpan.FromMinutes(10)) { Immutable = true };
    public static readonly CachePolicy Memberships = new("memberships", TimeSpan.FromMinutes(10)) { Immutable = true };

    /// <summary>The cache that output caching keeps guests' pages in.</summary>
    public const string OutputCacheName = "output";

    /// <summary>Carried by the home page of guests.</summary>
    public const string HomeTag = "home";

    /// <summary>Carried by every list of organisations.</summary>
    public const string AllTag = "orgs";

    /// <summary>Carried by everything that shows an organisation's name, its lists of projects too.</summary>
    public static string Tag(string id) => $"org:{id}";

    public static string MembershipsTag(string userId) => $"user:{userId}:memberships";

    public static string DetailKey(string id) => $"org:{id}:detail";

    public static string MembersKey(string id) => $"org:{id}:members";

    public static string MembershipsKey(string userId) => $"user:{userId}:memberships";

    public static string ListKey(OrganisationFilter filter) =>
        $"orgs:list:{filter.Category ?? "any"}:{filter.MemberId ?? "all"}:{filter.Size}:{filter.After}";

    public static void AddOrganisationsCache(this IServiceCollection services)
    {
        AddRules(services.AddMillraceCache());

        // Guests' pages, kept whole by output caching.
        services.AddMillraceCache(OutputCacheName)
            .InvalidateOn<OrganisationChanged>(rule => rule.Tag(_ => AllTag))
            .InvalidateOn<MembershipChanged>(rule => rule.Tag(_ => AllTag))
            .InvalidateOn<Projects.ProjectChanged>(rule => rule.Tag(_ => AllTag));
    }

    private static void AddRules(CacheBuilder cache) => cache
        .InvalidateOn<OrganisationChanged>(rule => rule
            .Tag(e => Tag(e.OrganisationId))
            .Tag(_ => AllTag))
        .InvalidateOn<MembershipChanged>(rule => rule
            .Key(e => DetailKey(e.OrganisationId))   // the count of members
            .Key(e => MembersKey(e.OrganisationId))
            .Tag(e => MembershipsTag(e.UserId))      // what this resident may see
            .Tag(_ => AllTag))                       // lists show the counts
        .InvalidateOn<Projects.ProjectChanged>(rule => rule
            .Key(e => DetailKey(e.OrganisationId))   // the count of projects
            .Tag(_ => AllTag));
}
