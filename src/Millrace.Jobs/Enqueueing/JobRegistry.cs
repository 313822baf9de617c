using System.Diagnostics.CodeAnalysis;

namespace Millrace.Jobs.Enqueueing;

/// <summary>The job types that this process knows, by name and by what their jobs are told by. Immutable.</summary>
internal sealed class JobRegistry
{
    private readonly List<JobRegistration> _all = [];
    private readonly Dictionary<string, JobRegistration> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<object, JobRegistration> _byKey = [];

    public JobRegistry(IEnumerable<JobRegistration> registrations)
    {
        foreach (var registration in registrations)
        {
            _all.Add(registration);
            AddName(registration.Name, registration);
            foreach (var formerName in registration.FormerNames)
            {
                AddName(formerName, registration);
            }

            if (!_byKey.TryAdd(registration.Key, registration))
            {
                throw new InvalidOperationException($"The job {registration.Key} is registered twice (as '{_byKey[registration.Key].Name}' and '{registration.Name}'). Register each job once.");
            }
        }
    }

    public IReadOnlyList<JobRegistration> All => _all;

    public bool TryGet(string name, [NotNullWhen(true)] out JobRegistration? registration) => _byName.TryGetValue(name, out registration);

    /// <summary>The registration of a job that is about to be enqueued.</summary>
    public JobRegistration Get(object job)
    {
        if (job is not IKeyedJob keyed)
        {
            return Get(job.GetType());
        }

        return _byKey.TryGetValue(keyed.Key, out var registration) ? registration : throw new InvalidOperationException(keyed.Unregistered);
    }

    /// <summary>The registration of the jobs of a .NET type.</summary>
    public JobRegistration Get(Type jobType) => _byKey.TryGetValue(jobType, out var registration) ? registration : throw new InvalidOperationException(NoHandler(jobType));

    private static string NoHandler(Type type) => $"No handler is registered for the job {type}. Add one: AddMillraceJobs().AddHandler<{type.Name}, …>(\"name\").";

    private void AddName(string name, JobRegistration registration)
    {
        if (!_byName.TryAdd(name, registration))
        {
            throw new InvalidOperationException($"The job name '{name}' is registered twice (for {_byName[name].Key} and {registration.Key}). Give each job its own names, now and formerly.");
        }
    }
}
