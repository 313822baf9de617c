using Millrace.Caching;
using Township.Modules.Organisations;

namespace Township.Modules.Voting;

/// <summary>How long reads of this module live, what they are called, and which event makes which of them invalid.</summary>
internal static class VotingCache
{
    public static readonly CachePolicy Detail = new("question-detail", TimeSpan.FromMinutes(30)) { Immutable = true };
    public static readonly CachePolicy Results = new("question-results", TimeSpan.FromMinutes(15)) { Immutable = true };
    public static readonly CachePolicy Lists = new("question-lists", TimeSpan.FromMinutes(10)) { Immutable = true };

    // Lists of open questions show counts, which may be a minute old: a vote does not throw away what every visitor reads.
    public static readonly CachePolicy OpenLists = new("question-open-lists", TimeSpan.FromMinutes(1)) { Immutable = true };

    /// <summary>Carried by every list of questions.</summary>
    public const string AllTag = "questions";

    public static string Tag(string id) => $"question:{id}";

    public static string DetailKey(string id) => $"question:{id}:detail";

    public static string ResultsKey(string id) => $"question:{id}:results";

    public static string VoteKey(string id, string userId) => $"question:{id}:vote:{userId}";

    public static string ListKey(QuestionSet set, string? organisationId, Cursor after, int size) =>
        $"questions:{set}:{organisationId ?? "town"}:{size}:{after}";

    public static void AddVotingCache(this IServiceCollection services)
    {
        AddRules(services.AddMillraceCache());

        // Guests' pages, kept whole by output caching.
        services.AddMillraceCache(OrganisationCache.OutputCacheName)
            .InvalidateOn<QuestionChanged>(rule => rule.Tag(_ => AllTag).Tag(_ => OrganisationCache.HomeTag))
            .InvalidateOn<OrganisationChanged>(rule => rule.Tags(e => e.IsNew ? [] : [AllTag]));
    }

    private static void AddRules(CacheBuilder cache) => cache
        .InvalidateOn<VoteCast>(rule => rule
            .Key(e => ResultsKey(e.QuestionId))
            .Key(e => VoteKey(e.QuestionId, e.UserId)))
        .InvalidateOn<QuestionChanged>(rule => rule
            .Tag(e => Tag(e.QuestionId))
            .Tag(_ => AllTag))
        .InvalidateOn<OrganisationChanged>(rule => rule
            .Tags(e => e.IsNew ? [] : [AllTag, OfOrganisationTag(e.OrganisationId)])) // questions name it
        .InvalidateOn<MembershipChanged>(rule => rule
            .Tag(e => OfOrganisationTag(e.OrganisationId)));                          // who may vote

    /// <summary>Carried by what depends on the organisation that a question belongs to.</summary>
    public static string OfOrganisationTag(string organisationId) => $"org:{organisationId}:questions";
}
