using Millrace.Redis.Connection;

namespace Millrace.Redis.Sentinel;

/// <summary>
/// Finds the primary: asks the Sentinels in order, and believes an answer when the server named says itself that it is a primary. For one
/// caller of <see cref="FindAsync"/> at a time.
/// </summary>
/// <remarks>
/// Sentinels learn of a failover one after the other, and one that is cut off from the others may name the old primary for long. So an
/// answer of an older configuration (its epoch) than the one in use is not followed, unless no Sentinel knows a later one and the primary in
/// use is gone: then they have been set up anew.
/// </remarks>
internal sealed class PrimaryFinder(SentinelAccess access, SentinelList sentinels)
{
    private readonly bool _withReplicas = access.Context.Options.ReadFrom != RedisReadFrom.Primary;
    private volatile SentinelAnswer? _current; // the one that was believed last

    /// <summary>Finds it.</summary>
    /// <param name="isInUse">Whether commands go to a server now without complaint: then it need not be asked for its part.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisException">It was not found; the message says what each Sentinel said, and the remedy.</exception>
    public async Task<SentinelAnswer> FindAsync(Func<RedisEndpoint, bool> isInUse, CancellationToken cancellationToken)
    {
        var failures = new List<RedisException>();
        var refused = new HashSet<RedisEndpoint>();
        SentinelAnswer? outdated = null;
        var newest = -1L;
        foreach (var sentinel in sentinels.Known)
        {
            try
            {
                var answer = await AskAsync(sentinel, cancellationToken).ConfigureAwait(false);
                newest = Math.Max(newest, answer.Epoch);
                if (answer.Primary is not { } primary || refused.Contains(primary))
                {
                    failures.AddRange(answer.Primary is null ? [Unknown(answer)] : []);
                }
                else if (IsOutdated(answer))
                {
                    outdated = outdated is null || outdated.Epoch < answer.Epoch ? answer : outdated;
                }
                else
                {
                    refused.Add(primary); // unless it is believed now
                    return await BelieveAsync(answer, primary, isInUse, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (RedisException failure)
            {
                failures.Add(failure);
            }
        }

        return outdated is not null && newest < _current!.Epoch
            ? await WeighAsync(_current, outdated, isInUse, cancellationToken).ConfigureAwait(false)
            : throw NotFound(failures);
    }

    /// <summary>Whether a Sentinel that can be reached names another server as the primary.</summary>
    public async Task<bool> IsReplacedAsync(RedisEndpoint primary, CancellationToken cancellationToken)
    {
        using var limit = access.Limit();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        foreach (var sentinel in sentinels.Known)
        {
            try
            {
                var answer = await AskAsync(sentinel, both.Token).ConfigureAwait(false);
                if (answer.Primary is { } named && !IsOutdated(answer))
                {
                    return named != primary;
                }
            }
            catch (RedisException)
            {
                // The next one may answer.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false; // without an answer in time the server's own word counts
            }
        }

        return false;
    }

    private async Task<SentinelAnswer> AskAsync(RedisEndpoint sentinel, CancellationToken cancellationToken)
    {
        var connection = await SentinelConnection.OpenAsync(sentinel, access, ConnectionRole.Dedicated, SilentOwner.Instance, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await connection.AskAsync(_withReplicas, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsOutdated(SentinelAnswer answer) =>
        _current is { } current && answer.Primary != current.Primary && answer.Epoch >= 0 && answer.Epoch < current.Epoch;

    /// <summary>Decides when the Sentinels that can be reached know an older configuration only.</summary>
    private async Task<SentinelAnswer> WeighAsync(SentinelAnswer current, SentinelAnswer outdated, Func<RedisEndpoint, bool> isInUse, CancellationToken cancellationToken)
    {
        try
        {
            return await BelieveAsync(current, current.Primary!.Value, isInUse, cancellationToken).ConfigureAwait(false);
        }
        catch (RedisException)
        {
            return await BelieveAsync(outdated, outdated.Primary!.Value, isInUse, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<SentinelAnswer> BelieveAsync(SentinelAnswer answer, RedisEndpoint primary, Func<RedisEndpoint, bool> isInUse, CancellationToken cancellationToken)
    {
        if (!isInUse(primary))
        {
            await VerifyAsync(answer.Sentinel, primary, cancellationToken).ConfigureAwait(false);
        }

        sentinels.Learn(answer.Sentinel, answer.Sentinels);
        _current = answer;
        return answer;
    }

    private async Task VerifyAsync(RedisEndpoint sentinel, RedisEndpoint primary, CancellationToken cancellationToken)
    {
        var context = access.Context;
        var (connection, greeting) = await context.Opener
            .OpenAsync(new ConnectionSetup(primary, context.Options), ConnectionRole.Dedicated, SilentOwner.Instance, cancellationToken).ConfigureAwait(false);
        connection.Abort(new RedisConnectionException("The question was answered."));
        if (greeting.IsReplica || greeting.IsSentinel)
        {
            throw new RedisConnectionException(
                $"{primary}, which the Sentinel {sentinel} names as the primary of '{access.Service}', is {(greeting.IsReplica ? "a replica" : "a Sentinel")}: "
                + "a failover may be under way.");
        }
    }

    private RedisException Unknown(SentinelAnswer answer) => new(
        $"The Sentinel {answer.Sentinel} watches no service '{access.Service}'. Check SentinelServiceName; "
        + (answer.Services.Count == 0 ? "it watches none at all, or does not tell." : $"it watches {string.Join(", ", answer.Services.Select(static name => $"'{name}'"))}."));

    private RedisException NotFound(List<RedisException> failures)
    {
        var asked = string.Join(", ", sentinels.Known.Take(8));
        var reasons = failures.Select(static failure => failure.Message).Distinct(StringComparer.Ordinal).Take(8).ToList();
        if (failures.Count > 0 && failures.TrueForAll(static failure => failure is not RedisConnectionException))
        {
            // Refusals: trying again changes nothing.
            return failures.Count == 1 ? failures[0] : new RedisException(string.Join(" ", reasons), new AggregateException(failures));
        }

        return new RedisConnectionException(
            $"No primary of '{access.Service}' was found through the Sentinels {asked}. {string.Join(" ", reasons)} "
            + "Check Endpoints, and that the Sentinels and the servers they name can be reached from here.",
            failures.Count == 0 ? null : new AggregateException(failures));
    }
}
