using System.Diagnostics.CodeAnalysis;

namespace Millrace.Jobs.Enqueueing;

/// <summary>The job types that this process knows, by name and by .NET type. Immutable.</summary>
internal sealed class JobRegistry
{
    private readonly Dictionary<string, JobRegistration> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, JobRegistration> _byType = [];

    public JobRegistry(IEnumerable<JobRegistration> registrations)
    {
        foreach (var registration in registrations)
        {
            if (!_byName.TryAdd(registration.Name, registration))
            {
                throw new InvalidOperationException($"The job name '{registration.Name}' is registered twice (for {_byName[registration.Name].JobType} and {registration.JobType}). Give each AddHandler its own name.");
            }

            if (!_byType.TryAdd(registration.JobType, registration))
            {
                throw new InvalidOperationException($"The job {registration.JobType} is registered twice (as '{_byType[registration.JobType].Name}' and '{registration.Name}'). Register each job once.");
            }
        }
    }

    public IEnumerable<JobRegistration> All => _byName.Values;

    public bool TryGet(string name, [NotNullWhen(true)] out JobRegistration? registration) => _byName.TryGetValue(name, out registration);

    public JobRegistration Get(Type jobType) => _byType.TryGetValue(jobType, out var registration)
        ? registration
        : throw new InvalidOperationException($"No handler is registered for the job {jobType}. Add one: AddMillraceJobs().AddHandler<{jobType.Name}, …>(\"name\").");
}
