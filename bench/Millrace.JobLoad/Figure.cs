namespace Millrace.JobLoad;

/// <summary>A named measurement.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Description">One line of the list.</param>
/// <param name="Store">The store that our side needs, as <see cref="Roles.StoreChoice"/> names it.</param>
/// <param name="RunAsync">Measures and gives the line of JSON; null when our store is not there yet, and only the other side was measured.</param>
internal sealed record Figure(string Name, string Description, string Store, Func<JobLoadOptions, Task<FigureLine?>> RunAsync);
