using Millrace.Caching;
using Millrace.Jobs;
using Township.Modules.Organisations;

namespace Township.Modules.Voting;

/// <summary>Asks questions, takes votes, ends questions: who may, what is checked, what becomes invalid, who is told.</summary>
internal sealed class VotingWrites(
    QuestionStore store,
    VotingReads reads,
    OrganisationReads organisations,
    LiveResults live,
    Cache cache,
    JobClient jobs,
    TimeProvider time,
    ILogger<VotingWrites> logger)
{
    // What follows a committed write happens also when the client has gone.
    private static readonly CancellationToken Committed = CancellationToken.None;

    public async Task<Outcome<Question>> AskAsync(QuestionInput input, string userId, CancellationToken cancellationToken)
    {
        var errors = input.Validate();
        if (errors.Any)
        {
            return Outcome<Question>.Invalid(errors);
        }

        if (input.OrganisationId is { } organisation)
        {
            if (await organisations.FindAsync(organisation, cancellationToken) is null)
            {
                return Outcome<Question>.Invalid(nameof(input.OrganisationId), "There is no such organisation.");
            }

            if (await organisations.RoleAsync(organisation, userId, cancellationToken) is null)
            {
                return Outcome<Question>.Forbidden;
            }
        }

        var id = NewId.Create(time);
        var now = reads.Now;
        string[] optionIds = [.. input.Options.Select(_ => NewId.Create(time))];
        await store.CreateAsync(id, input, optionIds, userId, now, cancellationToken);
        await cache.InvalidateAsync(new QuestionChanged(id), Committed);
        var end = DateTimeOffset.FromUnixTimeMilliseconds(now).AddDays(input.Days!.Value);
        try
        {
            await jobs.EnqueueAsync(new CloseQuestion(id), options => options.At(end).Id($"close-question-{id}"), Committed);
        }
        catch (JobQueueFullException exception)
        {
            VotingLog.CloseNotEnqueued(logger, exception, id); // the schedule finds it when it is due
        }

        return Outcome<Question>.Done((await reads.FindAsync(id, Committed))!);
    }

    /// <summary>Casts a vote, or changes it while the question is open. The same vote again changes nothing.</summary>
    public async Task<Outcome<Question>> VoteAsync(
        string? questionId, string? optionId, string userId, CancellationToken cancellationToken)
    {
        if (await reads.FindAsync(questionId, cancellationToken) is not { } question)
        {
            return Outcome<Question>.NotFound;
        }

        if (!await reads.MayVoteAsync(question, userId, cancellationToken))
        {
            return Outcome<Question>.Forbidden;
        }

        if (question.Options.All(option => option.Id != optionId))
        {
            return Outcome<Question>.Invalid("Option", "Choose one of the answers.");
        }

        if (!question.IsOpenAt(time.GetUtcNow()))
        {
            return Outcome<Question>.Invalid("Option", question.IsBefore(time.GetUtcNow())
                ? "Voting has not started yet."
                : "Voting has ended; your vote was not counted.");
        }

        if (!await store.VoteAsync(question.Id, optionId!, userId, reads.Now, cancellationToken))
        {
            // The vote was so already (and may have been changed since, by a request beside this one), or the question has
            // ended since it was read: the database, not the cache, knows which.
            var isOpen = await store.FindAsync(question.Id, cancellationToken) is { } fresh && fresh.IsOpenAt(time.GetUtcNow());
            return isOpen
                ? Outcome<Question>.Unchanged(question)
                : Outcome<Question>.Invalid("Option", "Voting has ended; your vote was not counted.");
        }

        await cache.InvalidateAsync(new VoteCast(question.Id, userId), Committed);
        live.Changed(question.Id);
        return Outcome<Question>.Done(question);
    }

    /// <summary>Ends a question whose time is up, once: pushes the final result and tells those who voted.</summary>
    /// <returns>False: not yet due, or ended before.</returns>
    public async Task<bool> CloseAsync(string id, CancellationToken cancellationToken)
    {
        var closed = await store.CloseAsync(id, reads.Now, cancellationToken);
        await cache.InvalidateAsync(new QuestionChanged(id), Committed);
        if (closed)
        {
            live.Changed(id);
        }

        return closed;
    }
}
