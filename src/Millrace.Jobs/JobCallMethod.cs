namespace Millrace.Jobs;

/// <summary>How the calls of one method differ; see <see cref="JobCalls.Method(string, Action{JobCallMethod})"/>. Every method returns the same object.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class JobCallMethod
{
    private readonly List<string> _formerNames = [];

    internal JobCallMethod()
    {
    }

    internal string? StoredName { get; private set; }

    internal IReadOnlyList<string> FormerNames => _formerNames;

    internal Action<JobDefaults>? Configure { get; private set; }

    /// <summary>What the method is called in the store, after the name of its interface and a dot. Default: its .NET name without the suffix Async.
    /// Overloads need it; it also lets a method be renamed while its jobs wait.</summary>
    /// <param name="name">1 to 100 characters, together with the interface's name.</param>
    /// <exception cref="ArgumentException">The name is empty, too long, or holds control characters.</exception>
    public JobCallMethod Name(string name)
    {
        StoredName = JobValidation.Name(name, "call");
        return this;
    }

    /// <summary>Also runs the jobs that are stored under this name, from before the method, its interface or the handler that it replaces was
    /// called otherwise. May be used several times.</summary>
    /// <param name="jobName">The whole job name, such as <c>email.SendHello</c>.</param>
    /// <exception cref="ArgumentException">The name is empty, too long, or holds control characters.</exception>
    public JobCallMethod FormerName(string jobName)
    {
        _formerNames.Add(JobValidation.Name(jobName, "job"));
        return this;
    }

    /// <summary>Defaults of the jobs that call this method; they go before <see cref="JobCalls.Defaults"/>.</summary>
    public JobCallMethod Defaults(Action<JobDefaults> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Configure += configure;
        return this;
    }
}
