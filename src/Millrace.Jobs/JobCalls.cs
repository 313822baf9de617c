using System.Reflection;

namespace Millrace.Jobs;

/// <summary>Settings of an interface whose methods jobs call; see <see cref="JobsBuilder.AddCalls{TService}"/>. Every method returns the same object.</summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class JobCalls
{
    private readonly Type _service;
    private readonly JobCallMethod _all = new();
    private readonly List<(MethodInfo Method, JobCallMethod Settings)> _methods = [];

    internal JobCalls(Type service) => _service = service;

    /// <summary>Defaults of all jobs that call the interface; null settings are the engine's.</summary>
    public JobCalls Defaults(Action<JobDefaults> configure)
    {
        _all.Defaults(configure);
        return this;
    }

    /// <summary>Settings of one method.</summary>
    /// <param name="method">Its name: <c>nameof(IEmailService.SendWelcomeAsync)</c>.</param>
    /// <param name="configure">Names it, or gives its jobs defaults of their own.</param>
    /// <exception cref="ArgumentException">The interface has no such method, or several: then give the types of its parameters.</exception>
    public JobCalls Method(string method, Action<JobCallMethod> configure) => Method(method, null, configure);

    /// <summary>Settings of one method among overloads.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="parameterTypes">The types of all of its parameters, in order; null when the name alone tells it.</param>
    /// <param name="configure">Names it, or gives its jobs defaults of their own.</param>
    /// <exception cref="ArgumentException">The interface has no such method, or several.</exception>
    public JobCalls Method(string method, Type[]? parameterTypes, Action<JobCallMethod> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(method);
        ArgumentNullException.ThrowIfNull(configure);
        var found = _service.GetInterfaces().Prepend(_service)
            .SelectMany(static contract => contract.GetMethods())
            .Where(known => known.Name == method && (parameterTypes is null || known.GetParameters().Select(static parameter => parameter.ParameterType).SequenceEqual(parameterTypes)))
            .ToList();
        if (found.Count != 1)
        {
            throw new ArgumentException(
                found.Count == 0
                    ? $"{_service.Name} has no method '{method}'{(parameterTypes is null ? "" : " with these parameters")}. Use nameof(…)."
                    : $"{_service.Name} has {found.Count} methods '{method}'. Say which one by the types of its parameters.",
                nameof(method));
        }

        var settings = new JobCallMethod();
        configure(settings);
        _methods.Add((found[0], settings));
        return this;
    }

    /// <summary>What was set for a method, the general first.</summary>
    internal IReadOnlyList<JobCallMethod> Of(MethodInfo method) => [_all, .. _methods.Where(known => known.Method == method).Select(static known => known.Settings)];
}
