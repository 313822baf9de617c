using Microsoft.AspNetCore.Mvc;

namespace Millrace.AspNetCore.Tests.Invalidation;

/// <summary>An MVC controller whose actions write.</summary>
[ApiController]
[Route("mvc")]
public sealed class WriteController : ControllerBase
{
    [HttpPut("{id}")]
    [Invalidates(Tags = ["mvc:{id}"], Keys = ["mvc:{id}:key"])]
    public IActionResult Put(int id) => id == 13 ? Conflict() : NoContent();
}
