namespace Millrace.Jobs;

/// <summary>How jobs are kept in Redis.</summary>
public sealed class RedisJobsOptions
{
    /// <summary>Begins every key; 1 to 100 characters without braces, which tell a cluster what belongs together. Default <c>millrace:jobs</c>. All processes that name the same server and prefix
    /// share the jobs.</summary>
    public string KeyPrefix
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.Length > 100 || value.AsSpan().ContainsAny('{', '}'))
            {
                throw new ArgumentException("A key prefix has at most 100 characters and no braces: they tell a cluster which keys belong together.", nameof(value));
            }

            field = value;
        }
    } = "millrace:jobs";

    /// <summary>How many replicas have to have a job before its enqueue is acknowledged (<c>WAIT</c>), 0 to 10. Default 0: the primary alone acknowledges, and a failover loses what it had
    /// not yet passed on. An enqueue costs a round trip more, which the enqueues of a moment share. When they do not confirm in <see cref="ReplicaTimeout"/>,
    /// <see cref="JobNotReplicatedException"/> says so; the job is stored nevertheless.</summary>
    /// <remarks>Ends of jobs are not waited for: a job whose end is lost runs again.</remarks>
    public int Replicas
    {
        get;
        set => field = value is >= 0 and <= 10 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "0 to 10 replicas can be waited for.");
    }

    /// <summary>How long <see cref="Replicas"/> are waited for, 1 ms to 1 min. Default 1 s. Meanwhile the server answers nothing else on the connection.</summary>
    public TimeSpan ReplicaTimeout
    {
        get;
        set => field = value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromMinutes(1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Replicas are waited for 1 ms to 1 min.");
    } = TimeSpan.FromSeconds(1);
}
