namespace Millrace.Jobs.Enqueueing;

/// <summary>A job whose registration is not found by its .NET type.</summary>
internal interface IKeyedJob
{
    /// <summary>The <see cref="JobRegistration.Key"/> of its registration.</summary>
    object Key { get; }

    /// <summary>What to say when there is no such registration: what is missing, and the remedy.</summary>
    string Unregistered { get; }
}
