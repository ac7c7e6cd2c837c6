import { feature, tableView } from 'tidemark';
import { plane } from './entities.ts';
import { planeRegistry } from './sources.ts';

/** Static: always visible, never expired; a tail number that is not in the registry is missing. */
export const planeModel = tableView('plane_model', {
  entity: plane,
  source: planeRegistry,
  description: 'what the registry says of an aircraft',
  features: {
    built_year: feature({ description: 'year in which it was built' }),
    manufacturer: feature(),
    model: feature(),
    engines: feature({ description: 'number of engines' }),
    seats: feature({ description: 'number of seats' }),
  },
});
