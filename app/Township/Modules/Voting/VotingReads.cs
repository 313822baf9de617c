using Millrace.Caching;
using Township.Modules.Accounts;
using Township.Modules.Organisations;

namespace Township.Modules.Voting;

/// <summary>Reads questions, results and votes through the cache.</summary>
internal sealed class VotingReads(
    Cache cache, QuestionStore store, OrganisationReads organisations, UserDirectory users, TimeProvider time)
{
    public const int PageSize = 15;

    public async ValueTask<Question?> FindAsync(string? id, CancellationToken cancellationToken)
    {
        if (!NewId.IsWellFormed(id))
        {
            return null;
        }

        var question = await cache.GetOrCreateAsync(
            VotingCache.DetailKey(id!),
            (store, id),
            static async (state, token) => await state.store.FindAsync(state.id!, token),
            VotingCache.Detail,
            [VotingCache.Tag(id!)],
            cancellationToken);
        return question is null
            ? null
            : question with { CreatedByName = await users.NameAsync(question.CreatedBy, cancellationToken) };
    }

    public ValueTask<PageOf<QuestionListItem>> ListAsync(
        QuestionSet set, string? organisationId, Cursor after, int size, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            VotingCache.ListKey(set, organisationId, after, size),
            (store, set, organisationId, after, size, now: Now),
            static async (state, token) => state.set switch
            {
                QuestionSet.Open => await state.store.OpenAsync(state.now, state.organisationId, state.after, state.size, token),
                QuestionSet.Closed => await state.store.ClosedAsync(state.now, state.organisationId, state.after, state.size, token),
                _ => new PageOf<QuestionListItem>(await state.store.TrendingAsync(state.now, state.size, token), null),
            },
            set == QuestionSet.Closed ? VotingCache.Lists : VotingCache.OpenLists,
            [VotingCache.AllTag],
            cancellationToken);

    /// <summary>How a question stands: counted once per change, however many ask.</summary>
    public ValueTask<QuestionResults> ResultsAsync(Question question, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            VotingCache.ResultsKey(question.Id),
            (store, question, time),
            static async (state, token) => await state.store.ResultsAsync(
                state.question, state.question.IsOpenAt(state.time.GetUtcNow()), token),
            VotingCache.Results,
            question.OrganisationId is null
                ? [VotingCache.Tag(question.Id)]
                : [VotingCache.Tag(question.Id), VotingCache.OfOrganisationTag(question.OrganisationId)],
            cancellationToken);

    /// <summary>The option a resident chose; null: none yet, or a guest.</summary>
    public async ValueTask<string?> VoteOfAsync(string questionId, string? userId, CancellationToken cancellationToken) =>
        userId is null
            ? null
            : await cache.GetOrCreateAsync(
                VotingCache.VoteKey(questionId, userId),
                (store, questionId, userId),
                static async (state, token) => await state.store.VoteOfAsync(state.questionId, state.userId, token),
                VotingCache.Lists,
                tags: null,
                cancellationToken);

    /// <summary>Whether this resident may vote on it: anybody on the town's questions, members on an organisation's.</summary>
    public async ValueTask<bool> MayVoteAsync(Question question, string? userId, CancellationToken cancellationToken) =>
        userId is not null
        && (question.OrganisationId is null
            || await organisations.RoleAsync(question.OrganisationId, userId, cancellationToken) is not null);

    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
}
