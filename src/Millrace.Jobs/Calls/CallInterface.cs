using System.Reflection;

namespace Millrace.Jobs.Calls;

/// <summary>Makes the registrations of an interface's methods, and refuses what could not be called later.</summary>
internal static class CallInterface
{
    private const string AsyncSuffix = "Async";

    /// <exception cref="ArgumentException">The type is no interface, or has members that jobs cannot call; the message lists all of them.</exception>
    public static IReadOnlyList<CallRegistration> Read(Type service, string name, JobCalls settings)
    {
        if (!service.IsInterface)
        {
            throw new ArgumentException($"{service.Name} is not an interface. Jobs call the methods of an interface, so that what may be called from the store is written down in one place: declare one.", nameof(service));
        }

        var problems = new List<string>();
        var registrations = new List<CallRegistration>();
        foreach (var contract in Contracts(service))
        {
            problems.AddRange(contract.GetProperties().Select(static property => $"{property.Name} is a property"));
            problems.AddRange(contract.GetEvents().Select(static member => $"{member.Name} is an event"));
            foreach (var method in contract.GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(static method => !method.IsSpecialName))
            {
                if (Read(new CallKey(service, method), name, settings.Of(method), problems) is { } registration)
                {
                    registrations.Add(registration);
                }
            }
        }

        if (problems.Count == 0)
        {
            problems.AddRange(registrations.GroupBy(static registration => registration.Name, StringComparer.Ordinal).Where(static same => same.Count() > 1)
                .Select(static same => $"{same.Count()} methods would be stored as '{same.Key}' (overloads, or a method with and without the suffix Async): name all but one with Method(…, call => call.Name(\"…\"))"));
        }

        if (problems.Count > 0)
        {
            throw new ArgumentException($"Jobs cannot call {service.Name}: {string.Join("; ", problems)}. Declare an interface of only those methods that jobs call; the class may implement both.", nameof(service));
        }

        return registrations.Count > 0 ? registrations : throw new ArgumentException($"{service.Name} has no methods that jobs could call.", nameof(service));
    }

    /// <summary>The interface and those it inherits; how a service is disposed of is its scope's affair.</summary>
    private static IEnumerable<Type> Contracts(Type service) =>
        service.GetInterfaces().Prepend(service).Where(static contract => contract != typeof(IDisposable) && contract != typeof(IAsyncDisposable));

    private static CallRegistration? Read(CallKey key, string name, IReadOnlyList<JobCallMethod> settings, List<string> problems)
    {
        var method = key.Method;
        var known = problems.Count;
        var parameters = new List<CallParameter>();
        if (method.IsGenericMethodDefinition)
        {
            problems.Add($"{method.Name} is generic");
        }

        foreach (var parameter in method.GetParameters())
        {
            if (CallParameter.TryRead(parameter, out var problem) is { } usable)
            {
                parameters.Add(usable);
            }
            else
            {
                problems.Add($"{method.Name} {problem}");
            }
        }

        var returns = CallReturn.TryFind(method.ReturnType);
        if (returns is null)
        {
            problems.Add($"{method.Name} returns {method.ReturnType.Name} and not void, Task, Task<T> or ValueTask");
        }

        if (problems.Count > known)
        {
            return null;
        }

        var defaults = new JobDefaults();
        foreach (var setting in settings)
        {
            setting.Configure?.Invoke(defaults);
        }

        var stored = settings.LastOrDefault(static setting => setting.StoredName is not null)?.StoredName ?? WithoutSuffix(method.Name);
        return new CallRegistration(
            JobValidation.Name($"{name}.{stored}", "job"), key, parameters, returns!, defaults, [.. settings.SelectMany(static setting => setting.FormerNames)]);
    }

    private static string WithoutSuffix(string method) =>
        method.Length > AsyncSuffix.Length && method.EndsWith(AsyncSuffix, StringComparison.Ordinal) ? method[..^AsyncSuffix.Length] : method;
}
